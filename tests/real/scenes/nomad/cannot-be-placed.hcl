# More memory than any node has.
job "charge" {
  group "charge" {
    count = 2
    task "charge" {
      driver = "raw_exec"
      config {
        command = "/bin/sleep"
        args    = ["3600"]
      }
      resources {
        cpu    = 50
        memory = 900000
      }
    }
  }
}
