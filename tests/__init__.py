"""Stories about Nightshift: units mirror the tree, contracts/ one per port, nights/ whole nights, fakes/ one plain class per port."""
