# The options that neither environment has on: planned here, or nobody would see them break.

variables {
  environment = "test"
  region      = "eu-west-1"
  production  = true
  domain = {
    name            = "captions.example.com"
    origin          = "origin.captions.example.com"
    certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/a"
  }
  image_digests = {
    gateway   = "sha256:0000000000000000000000000000000000000000000000000000000000000001"
    captioner = "sha256:0000000000000000000000000000000000000000000000000000000000000004"
  }
  alarm_emails       = []
  transaction_search = false
}

run "everything_on" {
  command = plan

  variables {
    cloudfront          = { enabled = false }
    network             = { zones = ["a", "b"], nat_gateways = 0 }
    waf                 = { enabled = true }
    replica_region      = "eu-central-1"
    intelligent_tiering = true
    huggingface         = { enabled = true, input_usd = 0.2, output_usd = 0.8, end_of_life = "2027-03-31" }
    bedrock             = { model = "", end_of_life = "2028-02-29" }
    sagemaker = {
      image_uri      = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/pytorch:1"
      image_arn      = "arn:aws:ecr:eu-west-1:123456789012:repository/pytorch"
      model_data_url = "s3://models/model.tar.gz"
      model_data_arn = "arn:aws:s3:::models/model.tar.gz"
      usd_per_second = 0.00008
      end_of_life    = "2027-06-30"
    }
    sign_in = {
      mfa    = "ON"
      social = { Google = { type = "Google", scopes = "openid email", client_id = "one", secret_id = "google" } }
    }
  }

  assert {
    error_message = "Where there is no CloudFront, WAF guards the load balancer."
    condition     = length(module.web_acl) == 1 && length(module.edge) == 0
  }

  assert {
    error_message = "A serverless endpoint has no instance."
    condition     = aws_sagemaker_endpoint_configuration.this[0].production_variants[0].serverless_config[0].memory_size_in_mb == 4096
  }

  assert {
    error_message = "Who has no model of Bedrock may call none."
    condition     = !contains(keys(local.permissions.captioner), "bedrock:InvokeModel")
  }

  assert {
    error_message = "The captioner is told the last day of each provider's model."
    condition = (
      local.captioner_options.BEDROCK_END_OF_LIFE == "2028-02-29"
      && local.captioner_options.SAGEMAKER_END_OF_LIFE == "2027-06-30"
      && local.captioner_options.HUGGINGFACE_END_OF_LIFE == "2027-03-31"
    )
  }

  assert {
    error_message = "The copy is encrypted by a key of its own region."
    condition     = aws_kms_key.replica[0].region == "eu-central-1"
  }

  assert {
    error_message = "Without a NAT, what has to get out does so by an address of its own; workers that need not, stay in."
    condition     = module.network.placements.outside.assign_public_ip && !module.network.placements.inside.assign_public_ip
  }
}

run "an_instance_for_the_model" {
  command = plan

  variables {
    cloudfront = { enabled = false }
    sagemaker = {
      image_uri      = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/pytorch:1"
      image_arn      = "arn:aws:ecr:eu-west-1:123456789012:repository/pytorch"
      model_data_url = "s3://models/model.tar.gz"
      model_data_arn = "arn:aws:s3:::models/model.tar.gz"
      instance_type  = "ml.g5.xlarge"
    }
  }

  assert {
    error_message = "One instance of the type that was asked for."
    condition     = aws_sagemaker_endpoint_configuration.this[0].production_variants[0].initial_instance_count == 1
  }
}

run "the_very_first_apply" {
  command = plan

  variables {
    cloudfront    = { enabled = false }
    image_digests = {}
  }

  assert {
    error_message = "Without images there are no services, and everything else."
    condition     = length(module.service) == 0 && length(aws_ecr_repository.this) == 5
  }

  assert {
    error_message = "A day that nobody knows is not told."
    condition     = !anytrue([for name in keys(local.settings.captioner.values) : endswith(name, "END_OF_LIFE")])
  }
}
