# Ends well on each client, and is no worse for having ended.
job "sweep" {
  type = "sysbatch"
  group "sweep" {
    task "sweep" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo swept"]
      }
      resources {
        cpu    = 20
        memory = 16
      }
    }
  }
}
