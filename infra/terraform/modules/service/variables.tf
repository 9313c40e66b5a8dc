variable "name" {
  description = "Of the service, its roles and its log group: project, environment and service"
  type        = string
}

variable "region" {
  description = "Of the service and of what it calls"
  type        = string
}

variable "account_id" {
  description = "The account that AWS's services may act for"
  type        = string
}

variable "cluster" {
  description = "Where it runs: ARN and name"
  type        = object({ arn = string, name = string })
}

variable "image" {
  description = "Repository and digest; its repository's ARN"
  type        = object({ uri = string, repository_arn = string })

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image.uri))
    error_message = "Images are named by digest: a tag may be moved after it was tested."
  }
}

variable "collector" {
  description = "The OpenTelemetry collector beside the service: image, configuration, and its permissions. None: no telemetry."
  type = object({
    image          = string
    repository_arn = string
    configuration  = string
    permissions    = map(list(string))
  })
  default = null
}

variable "vpc_id" {
  description = "Of the security group"
  type        = string
}

variable "placement" {
  description = "Subnets of the tasks, and whether they take a public address"
  type        = object({ subnet_ids = list(string), assign_public_ip = bool })
}

variable "admitted" {
  description = "Security groups that may connect to the service's port, by who they are"
  type        = map(string)
  default     = {}
}

variable "groups" {
  description = "Further security groups of the tasks"
  type        = list(string)
  default     = []
}

variable "target_group_arn" {
  description = "Of the load balancer; none for workers"
  type        = string
  default     = null
}

variable "registry_arn" {
  description = "Of the service's name in private DNS"
  type        = string
  default     = null
}

variable "spot" {
  description = "Run on spare capacity, which AWS may take back with two minutes' notice"
  type        = bool
  default     = false
}

variable "logs" {
  description = "Days kept, and the KMS key"
  type        = object({ retention_days = number, key_arn = string })
}

variable "secrets_key_arn" {
  description = "KMS key of the secrets"
  type        = string
}

variable "definition" {
  description = "Size, command, settings, permissions and scaling of one service"
  type = object({
    cpu         = optional(number, 512)  # 1024 are one core
    memory      = optional(number, 1024) # MiB
    port        = optional(number)
    command     = optional(list(string))
    health      = optional(string)          # what the container's own check asks; it has Python
    stop_after  = optional(number, 120)     # seconds between SIGTERM and SIGKILL
    tmpfs_mib   = optional(number)          # of /tmp, in memory; none: nothing can be written
    environment = optional(map(string), {}) #
    secrets     = optional(map(string), {}) # variable to ARN, with the key after it

    # Action to resources. `conditions` narrows an action further.
    permissions = optional(map(list(string)), {})
    conditions  = optional(map(object({ test = string, variable = string, values = list(string) })), {})

    # A service has `count` or `scaling`, a task that runs by the clock has `schedule`.
    count = optional(number)
    scaling = optional(object({
      min        = number
      max        = number
      cpu        = optional(number) # per cent
      memory     = optional(number)
      queue_name = optional(string)
      backlog    = optional(number) # messages that wait, for each running task
      busy       = optional(number) # messages in the hands of each running task
    }))
    schedule = optional(string)
  })
  nullable = false

  validation {
    condition     = var.definition.stop_after <= 120
    error_message = "Fargate kills a task 120 seconds after SIGTERM at the latest."
  }

  validation {
    condition     = length([for way in [var.definition.count, var.definition.scaling, var.definition.schedule] : way if way != null]) == 1
    error_message = "One of count, scaling and schedule says how the service runs."
  }

  validation {
    condition     = alltrue([for action in keys(var.definition.permissions) : !strcontains(action, "*")])
    error_message = "Each action by its whole name."
  }

  validation {
    condition     = var.definition.scaling == null || try(var.definition.scaling.min <= var.definition.scaling.max, false)
    error_message = "The least number of tasks is above the greatest."
  }
}
