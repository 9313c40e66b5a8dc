variable "name" {
  description = "Prefix of everything here"
  type        = string
}

variable "region" {
  description = "Where the endpoints are"
  type        = string
}

variable "account_id" {
  description = "The only account whose principals may use the endpoints"
  type        = string
}

variable "use_default_vpc" {
  description = "Take the account's default VPC: no NAT, no paid endpoints, tasks with public addresses"
  type        = bool
}

variable "cidr" {
  description = "Addresses of the VPC, a /16"
  type        = string
}

variable "zones" {
  description = "Availability zones by their letters. Named, and not asked for: a zone that AWS adds must not move subnets."
  type        = list(string)

  validation {
    condition     = contains([2, 3], length(var.zones))
    error_message = "The load balancer needs two zones; more than three only cost."
  }
}

variable "nat_gateways" {
  description = "0: tasks that need the internet get public addresses. 1, or one for each zone."
  type        = number

  validation {
    condition     = var.nat_gateways >= 0 && var.nat_gateways <= 3
    error_message = "At most one for each zone."
  }
}

variable "endpoint_services" {
  description = "Interface endpoints, by the service's name after com.amazonaws.<region>."
  type        = set(string)
}

variable "logs_key_arn" {
  description = "KMS key of the flow log"
  type        = string
}
