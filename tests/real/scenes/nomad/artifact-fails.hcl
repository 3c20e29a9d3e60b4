# Nobody serves what it is to download.
job "catalogue" {
  group "catalogue" {
    restart {
      attempts = 20
      interval = "10m"
      delay    = "2s"
      mode     = "delay"
    }
    task "catalogue" {
      driver = "raw_exec"
      artifact {
        source = "http://127.0.0.1:1/catalogue.tar.gz"
      }
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
