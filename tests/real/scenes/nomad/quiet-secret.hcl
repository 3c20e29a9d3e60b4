# It writes to both outputs, and has a secret in its environment.
job "till" {
  group "till" {
    task "till" {
      driver = "raw_exec"
      env {
        DB_PASSWORD = "hunter2-of-the-till"
        PORT        = "8080"
      }
      config {
        command = "/bin/sh"
        args    = ["-c", "echo the till is open; echo the drawer sticks >&2; exec sleep 3600"]
      }
      resources {
        cpu    = 20
        memory = 16
      }
    }
  }
}
