# It has done its work.
job "migrate" {
  type = "batch"
  group "migrate" {
    task "migrate" {
      driver = "raw_exec"
      config {
        command = "/bin/echo"
        args    = ["12 migrations applied"]
      }
      resources {
        cpu    = 20
        memory = 16
      }
    }
  }
}
