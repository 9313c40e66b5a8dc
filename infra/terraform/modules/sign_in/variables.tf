variable "name" {
  description = "Of the pool, and of its domain under amazoncognito.com: unique in the region"
  type        = string
}

variable "region" {
  description = "Of the pool"
  type        = string
}

variable "page_url" {
  description = "Origin of the page, where sign-in and sign-out lead back to"
  type        = string
}

variable "mfa" {
  description = "OPTIONAL, ON or OFF; by an authenticator app"
  type        = string

  validation {
    condition     = contains(["OPTIONAL", "ON", "OFF"], var.mfa)
    error_message = "OPTIONAL, ON or OFF."
  }
}

variable "sign_up" {
  description = "Let people make accounts of their own; else an operator makes them"
  type        = bool
}

variable "protect" {
  description = "Refuse to delete the pool"
  type        = bool
}

variable "social_providers" {
  description = "Google, Facebook, SignInWithApple, LoginWithAmazon or an OIDC name to its settings. The secret's value is read from Secrets Manager and is in the state, as Cognito's own are."
  type = map(object({
    type       = string
    scopes     = string
    client_id  = string
    secret_id  = string # of Secrets Manager
    details    = optional(map(string), {})
    attributes = optional(map(string), { email = "email", username = "sub" })
  }))
  default = {}

  validation {
    condition     = alltrue([for each in values(var.social_providers) : contains(["Google", "Facebook", "SignInWithApple", "LoginWithAmazon", "OIDC"], each.type)])
    error_message = "Google, Facebook, SignInWithApple, LoginWithAmazon or OIDC."
  }
}
