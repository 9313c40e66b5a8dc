# Production. Names, certificates and digests are examples: see README.md, "First deploy".
environment = "prod"
region      = "us-east-1"
production  = true

network = { zones = ["a", "b", "c"], nat_gateways = 1 }

domain = {
  name                 = "captions.example.com"
  origin               = "origin.captions.example.com"
  certificate_arn      = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000001"
  edge_certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000001"
  zone_id              = "Z0000000000000000000"
}

waf     = { enabled = true }
sign_in = { mfa = "OPTIONAL", sign_up = true }

# Examples: a release's own file comes later on the command line and wins, see README.md.
image_digests = {
  gateway   = "sha256:0000000000000000000000000000000000000000000000000000000000000001"
  ui        = "sha256:0000000000000000000000000000000000000000000000000000000000000002"
  ingest    = "sha256:0000000000000000000000000000000000000000000000000000000000000003"
  captioner = "sha256:0000000000000000000000000000000000000000000000000000000000000004"
  collector = "sha256:0000000000000000000000000000000000000000000000000000000000000005"
}

tasks = { min = 2, max = 10, sweepers = 2 }

# Prices of November 2026 in US dollars for a million tokens: to be checked before they are relied on.
bedrock          = { input_usd = 1.0, output_usd = 5.0 }
daily_budget_usd = 50
upgrade_degraded = true

alarm_emails       = ["operations@example.com"]
transaction_search = true
audit              = { photos = true }
