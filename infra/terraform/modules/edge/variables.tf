variable "name" {
  description = "Of the distribution"
  type        = string
}

variable "domain_name" {
  description = "What people type"
  type        = string
}

variable "origin_domain_name" {
  description = "What CloudFront calls the load balancer; on its certificate"
  type        = string
}

variable "certificate_arn" {
  description = "For domain_name, in us-east-1: CloudFront takes no other"
  type        = string
}

variable "web_acl_arn" {
  description = "Of WAF; none: no filter"
  type        = string
  default     = null
}

variable "secret_header" {
  description = "Proves to the load balancer that a request came this way"
  type        = object({ name = string, value = string })
  sensitive   = true
}

variable "private_paths" {
  description = "Paths of the gateway: never cached"
  type        = list(string)
}

variable "static_paths" {
  description = "Files of the page that are named by their content: cached"
  type        = list(string)
}

variable "price_class" {
  description = "How much of the world is near a cache"
  type        = string
}
