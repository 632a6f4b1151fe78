"""The other builder by name: see mesonpy.py beside this folder."""
