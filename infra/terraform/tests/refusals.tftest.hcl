# What the variables refuse, before anything is planned.

variables {
  environment = "test"
  region      = "eu-west-1"
  production  = true
  domain = {
    name                 = "captions.example.com"
    origin               = "origin.captions.example.com"
    certificate_arn      = "arn:aws:acm:eu-west-1:123456789012:certificate/a"
    edge_certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/b"
  }
  image_digests      = {}
  alarm_emails       = []
  transaction_search = false
}

run "refused" {
  command = plan

  variables {
    image_digests  = { gateway = "latest" } # a tag may be moved after it was tested
    tasks          = { min = 2, max = 11 }
    recovery_days  = 36
    replica_region = "eu-west-1"
    origin_key     = { active = "c" }
    retention_days = 0
    trace_ratio    = 2
    bedrock        = { end_of_life = "2027-02-30" } # of no calendar
    huggingface    = { end_of_life = "20270331" }
    sagemaker = {
      image_uri      = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/pytorch:1"
      image_arn      = "arn:aws:ecr:eu-west-1:123456789012:repository/pytorch"
      model_data_url = "s3://models/model.tar.gz"
      model_data_arn = "arn:aws:s3:::models/model.tar.gz"
      end_of_life    = "soon"
    }
  }

  expect_failures = [
    var.image_digests,
    var.tasks,
    var.recovery_days,
    var.replica_region,
    var.origin_key,
    var.retention_days,
    var.trace_ratio,
    var.bedrock,
    var.huggingface,
    var.sagemaker,
  ]
}

run "cloudfront_without_its_certificate" {
  command = plan

  variables {
    domain = {
      name            = "captions.example.com"
      origin          = "origin.captions.example.com"
      certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/a"
    }
  }

  expect_failures = [var.cloudfront]
}
