# Who writes captions: models, prices, what may be spent.

variable "bedrock" {
  description = "Model, prefix of its inference profile and the regions that this routes to (photos go there too), prices in US dollars for a million tokens, the account's tokens a minute (0: not paced), the model's last day (captioners remind of it from 60 days before). An empty model: not asked."
  type = object({
    model             = optional(string, "anthropic.claude-haiku-5-5")
    region_prefix     = optional(string, "us")
    regions           = optional(list(string), ["us-east-1", "us-east-2", "us-west-2"])
    input_usd         = optional(number)
    output_usd        = optional(number)
    tokens_per_minute = optional(number, 0)
    end_of_life       = optional(string)
  })
  default = {}

  validation {
    condition     = try(var.bedrock.end_of_life, null) == null || can(timeadd("${var.bedrock.end_of_life}T00:00:00Z", "0s"))
    error_message = "end_of_life is a day of the calendar, like 2027-03-31."
  }
}

variable "sagemaker" {
  description = "An endpoint of our own as second provider: see infra/sagemaker/README.md. Serverless without an instance type."
  type = object({
    image_uri       = string
    image_arn       = string # of its repository, for the endpoint's role
    model_data_url  = string
    model_data_arn  = string
    memory_mb       = optional(number, 4096)
    max_concurrency = optional(number, 5)
    instance_type   = optional(string)
    instance_count  = optional(number, 1)
    usd_per_second  = optional(number)
    end_of_life     = optional(string)
  })
  default = null

  validation {
    condition     = try(var.sagemaker.end_of_life, null) == null || can(timeadd("${var.sagemaker.end_of_life}T00:00:00Z", "0s"))
    error_message = "end_of_life is a day of the calendar, like 2027-03-31."
  }
}

variable "huggingface" {
  description = "Ask Hugging Face as third provider; photos leave AWS. Its token goes into Secrets Manager. Prices as Bedrock's."
  type = object({
    enabled     = optional(bool, false)
    model       = optional(string, "Qwen/Qwen3-VL-8B-Instruct")
    input_usd   = optional(number)
    output_usd  = optional(number)
    end_of_life = optional(string)
  })
  default = {}

  validation {
    condition     = try(var.huggingface.end_of_life, null) == null || can(timeadd("${var.huggingface.end_of_life}T00:00:00Z", "0s"))
    error_message = "end_of_life is a day of the calendar, like 2027-03-31."
  }
}

variable "daily_budget_usd" {
  description = "Above it no paid provider is asked until midnight UTC. Needs the prices of those that are."
  type        = number
  default     = null
}

variable "upgrade_degraded" {
  description = "Caption again in the background what a lesser provider captioned in an outage"
  type        = bool
  default     = false
}
