//! A Docker (or Podman) engine: its containers, its Compose projects, its Swarm.
