"""The demo's patient: a host of its own in namespaces, with a real service, disk and network that can really break."""
