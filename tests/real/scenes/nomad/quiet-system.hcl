# One on each node.
job "agent" {
  type = "system"
  group "agent" {
    task "agent" {
      driver = "raw_exec"
      config {
        command = "/bin/sleep"
        args    = ["3600"]
      }
      resources {
        cpu    = 20
        memory = 16
      }
    }
  }
}
