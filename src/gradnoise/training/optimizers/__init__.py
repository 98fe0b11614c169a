"""One optimizer a module, by the module's name; a new one is a new module. They import torch and the settings."""
