# Development: the default VPC, one task of each, spare capacity for workers, nothing protected.
# Names, certificates and digests are examples: see README.md, "First deploy".
environment = "dev"
region      = "us-east-1"
production  = false

# Tasks have public addresses and no inbound rules: no NAT and no endpoints to pay.
network = { use_default_vpc = true, nat_gateways = 0 }

domain = {
  name                 = "captions-dev.example.com"
  origin               = "origin.captions-dev.example.com"
  certificate_arn      = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000002"
  edge_certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000002"
  zone_id              = "Z0000000000000000000"
}

sign_in = { mfa = "OPTIONAL" }

image_digests = {
  gateway   = "sha256:0000000000000000000000000000000000000000000000000000000000000001"
  ui        = "sha256:0000000000000000000000000000000000000000000000000000000000000002"
  ingest    = "sha256:0000000000000000000000000000000000000000000000000000000000000003"
  captioner = "sha256:0000000000000000000000000000000000000000000000000000000000000004"
  collector = "sha256:0000000000000000000000000000000000000000000000000000000000000005"
}

retention_days = 14
tasks          = { min = 1, max = 3, sweepers = 1 }

bedrock          = { input_usd = 1.0, output_usd = 5.0 }
daily_budget_usd = 5
trace_ratio      = 1

alarm_emails = ["operations@example.com"]
# The account's, so production's where they share one.
transaction_search = false
audit              = { enabled = false }
