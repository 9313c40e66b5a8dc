# What an environment decides. Secrets are none of it: they go straight into Secrets Manager.

variable "project" {
  description = "First part of every name"
  type        = string
  default     = "captions"
}

variable "environment" {
  description = "Second part of every name"
  type        = string
}

variable "region" {
  description = "Where everything runs but CloudFront"
  type        = string
}

variable "production" {
  description = "Protect data from deletion, and use no spare capacity"
  type        = bool
}

# Network and names ---------------------------------------------------------------------------

variable "network" {
  description = "Own VPC or the default one; see modules/network"
  type = object({
    use_default_vpc = optional(bool, false)
    cidr            = optional(string, "10.40.0.0/16")
    zones           = optional(list(string), ["a", "b", "c"])
    nat_gateways    = optional(number, 1)
  })
  default = {}
}

variable "domain" {
  description = "What people type, what CloudFront calls the load balancer (both on the certificate in `region`), the certificate in us-east-1, and the Route 53 zone of both names if AWS has it"
  type = object({
    name                 = string
    origin               = string
    certificate_arn      = string
    edge_certificate_arn = optional(string)
    zone_id              = optional(string)
  })
}

variable "cloudfront" {
  description = "CloudFront in front of the load balancer; else it is open to everybody"
  type = object({
    enabled     = optional(bool, true)
    price_class = optional(string, "PriceClass_100")
  })
  default = {}

  validation {
    condition     = !var.cloudfront.enabled || var.domain.edge_certificate_arn != null
    error_message = "CloudFront needs domain.edge_certificate_arn, of us-east-1."
  }
}

variable "origin_key" {
  description = "The secret header that CloudFront sends. To rotate: raise the number of the one that is not active, apply; make it active, apply."
  type = object({
    active = optional(string, "a")
    a      = optional(number, 1)
    b      = optional(number, 1)
  })
  default = {}

  validation {
    condition     = contains(["a", "b"], var.origin_key.active)
    error_message = "a or b."
  }
}

variable "waf" {
  description = "WAF, and the requests that one address may make in five minutes"
  type = object({
    enabled                = optional(bool, false)
    requests_per_5_minutes = optional(number, 3000)
  })
  default = {}
}

# Photos --------------------------------------------------------------------------------------

variable "retention_days" {
  description = "Days that a photo and its record are kept"
  type        = number
  default     = 90

  validation {
    condition     = var.retention_days >= 1
    error_message = "At least a day."
  }
}

variable "archive" {
  description = "When originals over 1 MB move to which cheaper class"
  type = object({
    after_days    = optional(number, 60)
    storage_class = optional(string, "GLACIER_IR")
  })
  default = {}
}

variable "intelligent_tiering" {
  description = "S3 chooses the class instead"
  type        = bool
  default     = false
}

variable "replica_region" {
  description = "Copy images/ there. Read modules/photos first: erasure does not reach the copy at once."
  type        = string
  default     = null

  validation {
    condition     = var.replica_region != var.region
    error_message = "A copy in the same region is no copy."
  }
}

variable "recovery_days" {
  description = "Days that DynamoDB can be turned back to. Few, because erased people come back with it."
  type        = number
  default     = 7

  validation {
    condition     = var.recovery_days >= 1 && var.recovery_days <= 35
    error_message = "1 to 35."
  }
}

# Sign-in -------------------------------------------------------------------------------------

variable "sign_in" {
  description = "Second factor (OPTIONAL, ON, OFF), whether people may make accounts, social providers"
  type = object({
    mfa     = optional(string, "OPTIONAL")
    sign_up = optional(bool, false)
    social = optional(map(object({
      type       = string
      scopes     = string
      client_id  = string
      secret_id  = string
      details    = optional(map(string), {})
      attributes = optional(map(string), { email = "email", username = "sub" })
    })), {})
  })
  default = {}
}

# Services ------------------------------------------------------------------------------------

variable "image_digests" {
  description = "What runs: gateway, ui, ingest, captioner and, for telemetry, collector. A service without an image is not made: empty at the very first apply, when there is no registry yet."
  type        = map(string)

  validation {
    condition     = alltrue([for digest in values(var.image_digests) : can(regex("^sha256:[0-9a-f]{64}$", digest))])
    error_message = "sha256: and 64 hexadecimal digits."
  }
}

variable "release" {
  description = "What /version answers"
  type        = object({ version = string, commit = string })
  default     = { version = "0.1.0", commit = "unknown" }
}

variable "tasks" {
  description = "Least and greatest number of tasks of each service that scales; number of sweepers"
  type = object({
    min      = optional(number, 2)
    max      = optional(number, 10)
    sweepers = optional(number, 2)
  })
  default = {}

  validation {
    condition     = var.tasks.min >= 1 && var.tasks.max <= 10
    error_message = "1 to 10: the limits of DynamoDB's and Bedrock's quotas were worked out for ten."
  }
}

variable "quota" {
  description = "Captions that a user may ask for in a window of so many seconds"
  type        = object({ limit = number, window_s = number })
  default     = { limit = 60, window_s = 3600 }
}

variable "labels" {
  description = "Ask Rekognition for labels; for moderation labels too"
  type        = object({ enabled = optional(bool, true), moderation = optional(bool, false) })
  default     = {}
}

# Operations ----------------------------------------------------------------------------------

variable "alarm_emails" {
  description = "Who is told. Each has to confirm a mail from AWS first."
  type        = list(string)
}

variable "trace_ratio" {
  description = "Share of new traces that is recorded"
  type        = number
  default     = 0.1

  validation {
    condition     = var.trace_ratio >= 0 && var.trace_ratio <= 1
    error_message = "0 to 1."
  }
}

variable "transaction_search" {
  description = "Turn on X-Ray's Transaction Search, which the OTLP endpoint needs. It is the account's: one environment only."
  type        = bool
}

variable "audit" {
  description = "CloudTrail: the account's management events, and (paid by the event) every access to a photo"
  type = object({
    enabled    = optional(bool, true)
    photos     = optional(bool, false)
    kept_days  = optional(number, 365)
    log_access = optional(number, 30)
  })
  default = {}
}
