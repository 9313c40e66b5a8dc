# What runs. Adding a service is adding a key.

locals {
  health_port = 8081 # of workers, on loopback
  health      = "http://127.0.0.1:${local.health_port}/healthz"

  storage = {
    IMAGES_BUCKET = module.photos.bucket_name
    RECORDS_TABLE = aws_dynamodb_table.records.name
  }
  quota = {
    QUOTA_LIMIT    = tostring(var.quota.limit)
    QUOTA_WINDOW_S = tostring(var.quota.window_s)
  }
  drain = { POLL_WAIT_S = "10", DRAIN_S = "45" } # together below the 120 s until SIGKILL

  # Names without the service's prefix, which tasks.tf adds.
  gateway_settings = merge(local.storage, local.quota, {
    INGEST_QUEUE_URL  = module.queue["ingest"].url
    INGEST_DLQ_URL    = module.queue["ingest"].dead_letters.url
    CAPTION_QUEUE_URL = module.queue["caption"].url
    CAPTION_DLQ_URL   = module.queue["caption"].dead_letters.url
    RETENTION_DAYS    = tostring(var.retention_days)
  })
  worker_settings = {
    for service, queues in { ingest = ["ingest"], captioner = ["caption"] } : service => merge(local.storage, local.drain, {
      QUEUE_URL   = module.queue[queues[0]].url
      DLQ_URL     = module.queue[queues[0]].dead_letters.url
      CONCURRENCY = tostring(local.workers[service].concurrency)
      HEALTH_PORT = tostring(local.health_port)
    })
  }

  settings = {
    gateway = {
      prefix = "GATEWAY_"
      values = merge(local.gateway_settings, {
        HOST                         = "0.0.0.0"
        PORT                         = "8080"
        PUBLIC_URL                   = local.public_url
        VERSION                      = var.release.version
        COMMIT                       = var.release.commit
        COGNITO_ISSUER               = module.sign_in.issuer
        COGNITO_CLIENT_IDS           = join(",", [module.sign_in.page_client_id, module.sign_in.programs_client_id])
        COGNITO_USER_POOL_DOMAIN_URL = module.sign_in.hosted_url
        LOGOUT_CLIENT_ID             = module.sign_in.page_client_id
        LOGOUT_URLS                  = join(",", module.sign_in.logout_urls)
        LABELS_DEFAULT               = tostring(var.labels.enabled)
        },
        # The only header about addresses that CloudFront sets itself, whatever a viewer sends.
        var.cloudfront.enabled ? { TRUSTED_ADDRESS_HEADER = "CloudFront-Viewer-Address" } : {},
      )
    }
    sweeper = {
      prefix = "GATEWAY_"
      values = merge(local.gateway_settings, {
        SWEEPER_HEALTH_PORT = tostring(local.health_port)
        # The scheduled task compares instead, under a role that can't change anything.
        SWEEPER_RECONCILE_AT     = "off"
        SWEEPER_UPGRADE_DEGRADED = tostring(var.upgrade_degraded)
      })
    }
    reconciler = { prefix = "GATEWAY_", values = local.gateway_settings }
    ingest = {
      prefix = "INGEST_"
      values = merge(local.worker_settings["ingest"], {
        CAPTION_QUEUE_URL = module.queue["caption"].url
        LABELS            = var.labels.enabled ? "rekognition" : "off"
        MODERATION        = tostring(var.labels.enabled && var.labels.moderation)
      })
    }
    captioner = {
      prefix = "CAPTIONER_"
      values = merge(local.worker_settings["captioner"], local.quota, {
        BEDROCK_MODEL             = var.bedrock.model # empty: not asked
        BEDROCK_REGION_PREFIX     = var.bedrock.region_prefix
        BEDROCK_WARM_UP           = tostring(var.bedrock.model != "")
        BEDROCK_TOKENS_PER_MINUTE = tostring(var.bedrock.tokens_per_minute)
        HUGGINGFACE_MODEL         = var.huggingface.model
        UPGRADE_DEGRADED          = tostring(var.upgrade_degraded)
        },
        # A variable that is not there has the service's own default.
        { for name, value in local.captioner_options : name => tostring(value) if value != null },
      )
    }
    ui = {
      prefix = ""
      values = {
        # Inside the network: through CloudFront, WAF would count all users as one address.
        UI_GATEWAY_URL                   = local.gateway_inside
        UI_REDIRECT_URI                  = "${local.public_url}/oauth2callback"
        UI_CLIENT_ID                     = module.sign_in.page_client_id
        STREAMLIT_BROWSER_SERVER_ADDRESS = var.domain.name
        STREAMLIT_BROWSER_SERVER_PORT    = "443"
        HOME                             = "/tmp" # Streamlit wants one
      }
    }
  }
  captioner_options = {
    BEDROCK_INPUT_USD        = var.bedrock.input_usd
    BEDROCK_OUTPUT_USD       = var.bedrock.output_usd
    BEDROCK_END_OF_LIFE      = var.bedrock.end_of_life
    SAGEMAKER_ENDPOINT       = one(aws_sagemaker_endpoint.this[*].name)
    SAGEMAKER_USD_PER_SECOND = try(var.sagemaker.usd_per_second, null)
    SAGEMAKER_END_OF_LIFE    = try(var.sagemaker.end_of_life, null)
    HUGGINGFACE_TOKEN_SECRET = try(aws_secretsmanager_secret.this["huggingface"].arn, null)
    HUGGINGFACE_INPUT_USD    = var.huggingface.input_usd
    HUGGINGFACE_OUTPUT_USD   = var.huggingface.output_usd
    HUGGINGFACE_END_OF_LIFE  = var.huggingface.end_of_life
    DAILY_BUDGET_USD         = var.daily_budget_usd
  }

  user_hash_key = "${aws_secretsmanager_secret.this["shared"].arn}:user_hash_key::"

  services = {
    gateway = {
      image   = "gateway"
      port    = 8080
      health  = "http://127.0.0.1:8080/healthz"
      secrets = { GATEWAY_SIGNING_KEY = "${aws_secretsmanager_secret.this["gateway"].arn}:signing_key::", GATEWAY_USER_HASH_KEY = local.user_hash_key }
      scaling = merge(local.scaling_bounds, local.scaling_levels)
      outside = true # sign-in's keys are fetched from Cognito
    }
    ui = {
      image  = "ui"
      port   = 8501
      health = "http://127.0.0.1:8501/_stcore/health"
      # Streamlit reads its secrets from a file only; this one is in memory, and of one task.
      command   = ["sh", "-ec", file("${path.module}/files/ui.sh")]
      tmpfs_mib = 256
      secrets = {
        UI_COOKIE_SECRET = "${aws_secretsmanager_secret.this["ui"].arn}:cookie_secret::"
        UI_CLIENT_SECRET = "${aws_secretsmanager_secret.this["ui"].arn}:client_secret::"
      }
      scaling   = merge(local.scaling_bounds, local.scaling_levels)
      outside   = true # fetches tokens from Cognito's hosted domain
      telemetry = false
    }
    sweeper = {
      image   = "gateway"
      command = ["python", "-m", "services.gateway.sweeper"]
      health  = local.health
      secrets = { GATEWAY_USER_HASH_KEY = local.user_hash_key }
      count   = var.tasks.sweepers
    }
    reconciler = {
      image     = "gateway"
      command   = ["python", "-m", "services.gateway.reconciler", "--log"] # what it prints otherwise names users
      secrets   = { GATEWAY_USER_HASH_KEY = local.user_hash_key }
      schedule  = "cron(0 3 * * ? *)"
      telemetry = false # its report is its log
    }
    ingest = {
      image   = "ingest"
      memory  = 2048 # four photos of 50 megapixels at once, and a child of 1 GiB for the odd formats
      health  = local.health
      secrets = { INGEST_USER_HASH_KEY = local.user_hash_key }
      scaling = merge(local.scaling_bounds, { queue_name = module.queue["ingest"].name, backlog = local.backlog_per_task["ingest"], busy = local.busy_per_task["ingest"] })
      spot    = true
    }
    captioner = {
      image   = "captioner"
      health  = local.health
      secrets = { CAPTIONER_USER_HASH_KEY = local.user_hash_key }
      scaling = merge(local.scaling_bounds, { queue_name = module.queue["caption"].name, backlog = local.backlog_per_task["captioner"], busy = local.busy_per_task["captioner"] })
      outside = var.huggingface.enabled
      spot    = true
    }
  }
}
