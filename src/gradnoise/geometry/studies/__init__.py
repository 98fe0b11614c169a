"""What the stage can be asked to do: every module declares a `STUDY`, its tables and the function that fills them."""
