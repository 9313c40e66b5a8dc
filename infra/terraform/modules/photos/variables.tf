variable "bucket_name" {
  description = "Unique in the world"
  type        = string
}

variable "key_arn" {
  description = "KMS key of the objects"
  type        = string
}

variable "upload_origins" {
  description = "Pages that may post a direct upload: the UI's origin and no other"
  type        = list(string)
}

variable "retention_days" {
  description = "Days that a photo and its record are kept"
  type        = number
}

variable "archive" {
  description = "Originals over 1 MB after so many days. GLACIER_IR opens at once, STANDARD_IA is the cheapest for photos that are looked at; GLACIER (Flexible) bills 90 days and breaks downloads, and is refused."
  type        = object({ after_days = number, storage_class = string })

  validation {
    condition     = contains(["GLACIER_IR", "STANDARD_IA"], var.archive.storage_class)
    error_message = "A class that opens at once: GLACIER_IR or STANDARD_IA."
  }

  validation {
    condition     = var.archive.after_days >= 30
    error_message = "S3 moves nothing to an infrequent class before day 30."
  }
}

variable "intelligent_tiering" {
  description = "Let S3 choose the class by use, instead of the archive after some days"
  type        = bool
}

variable "replica" {
  description = "A copy of images/ in another region: its name there and its KMS key. Deletions of versions don't reach it (S3 replicates none), so erased photos stay until they expire there."
  type        = object({ bucket_name = string, region = string, key_arn = string })
  default     = null
}

variable "force_destroy" {
  description = "Let `terraform destroy` delete photos: outside production only"
  type        = bool
}
