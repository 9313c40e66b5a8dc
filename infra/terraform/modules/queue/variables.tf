variable "name" {
  description = "Of the queue; its dead letters' ends in -dlq"
  type        = string
}

variable "visibility_s" {
  description = "Seconds that a received message stays hidden at first: the workers' lease"
  type        = number
  default     = 60
}

variable "max_receives" {
  description = "Receives before SQS dead-letters a message. A record's own count of attempts decides earlier."
  type        = number
  default     = 20
}

variable "kept_days" {
  description = "Days that a message waits at most"
  type        = number
  default     = 4

  validation {
    condition     = var.kept_days >= 1 && var.kept_days <= 14
    error_message = "SQS keeps messages for 14 days at most."
  }
}

variable "dead_letters_kept_days" {
  description = "Days that a dead letter waits for somebody to look. They count from its first sending."
  type        = number
  default     = 14

  validation {
    condition     = var.dead_letters_kept_days > var.kept_days && var.dead_letters_kept_days <= 14
    error_message = "Longer than messages are kept, as the clock runs on from the first sending."
  }
}
