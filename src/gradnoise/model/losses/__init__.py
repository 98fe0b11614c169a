"""One loss a module, by the module's name; a new one is a new module. They import torch, nothing of Gradnoise."""
