variable "name" {
  description = "Of the load balancer"
  type        = string
}

variable "vpc_id" {
  description = "Of its targets"
  type        = string
}

variable "subnet_ids" {
  description = "Public ones"
  type        = list(string)
}

variable "certificate_arn" {
  description = "For the names that viewers and CloudFront use"
  type        = string
}

variable "logs_bucket" {
  description = "Takes the access log"
  type        = string
}

variable "deletion_protection" {
  description = "Keep it from being destroyed"
  type        = bool
}

variable "from_cloudfront" {
  description = "Admit CloudFront only: its addresses, and of these only requests with one of the secret headers. None: admit everybody."
  type        = object({ header = string, values = list(string) })
  default     = null
  sensitive   = true
}

variable "behind_cloudfront" {
  description = "Whether from_cloudfront is set: itself it is secret, and decides how many resources there are"
  type        = bool
}

variable "api_paths" {
  description = "Paths of the gateway, in groups of at most three: the header's two values and a group's paths together may be five"
  type        = list(list(string))

  validation {
    condition     = alltrue([for group in var.api_paths : length(group) <= 3])
    error_message = "A rule takes five values in all, two of them the header's."
  }
}

variable "targets" {
  description = "Who is behind it: port, path of the health check, whether a browser stays with one task"
  type = map(object({
    port    = number
    health  = string
    sticky  = optional(bool, false)
    drain_s = optional(number, 30)
  }))
}
