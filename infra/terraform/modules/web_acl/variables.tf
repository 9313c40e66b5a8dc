variable "name" {
  description = "Of the web ACL"
  type        = string
}

variable "cloudfront" {
  description = "For CloudFront, whose web ACLs live in us-east-1; else for the load balancer"
  type        = bool
}

variable "region" {
  description = "Of the load balancer"
  type        = string
}

variable "load_balancer_arn" {
  description = "What it guards where there is no CloudFront"
  type        = string
}

variable "requests_per_5_minutes" {
  description = "Of one address, before it is refused for a while"
  type        = number
}
