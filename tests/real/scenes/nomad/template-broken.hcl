# Its template calls a function that is none.
job "invoice" {
  group "invoice" {
    task "invoice" {
      driver = "raw_exec"
      template {
        data        = "{{ currency \"EUR\" }}"
        destination = "local/invoice.conf"
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
