# A canary of the second version that waits for somebody to promote it; run with -var version=2 after version=1.
variable "version" {
  default = "1"
}
job "cart" {
  group "cart" {
    count = 2
    update {
      canary           = 1
      min_healthy_time = "1s"
      auto_revert      = false
    }
    task "cart" {
      driver = "raw_exec"
      env {
        VERSION = var.version
      }
      config {
        command = "/bin/sleep"
        args    = ["3600"]
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
