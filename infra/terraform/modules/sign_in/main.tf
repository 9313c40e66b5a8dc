# Who people are: the pool, its hosted pages, and a client each for the page and for programs.

resource "aws_cognito_user_pool" "this" {
  name                     = var.name
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = var.mfa
  deletion_protection      = var.protect ? "ACTIVE" : "INACTIVE"
  user_pool_tier           = "ESSENTIALS"

  admin_create_user_config {
    allow_admin_create_user_only = !var.sign_up
  }

  password_policy {
    # Length over symbols: NIST SP 800-63B, section 3.1.1.2.
    minimum_length                   = 14
    require_lowercase                = true
    require_uppercase                = true
    require_numbers                  = true
    require_symbols                  = false
    temporary_password_validity_days = 3
  }

  dynamic "software_token_mfa_configuration" {
    for_each = var.mfa == "OFF" ? [] : [true]

    content {
      enabled = software_token_mfa_configuration.value
    }
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  user_attribute_update_settings {
    # The new address counts once it is verified: an account can't be moved to somebody else's.
    attributes_require_verification_before_update = ["email"]
  }
}

resource "aws_cognito_user_pool_domain" "this" {
  user_pool_id = aws_cognito_user_pool.this.id
  domain       = var.name
}

# The gateway lets its members in under /v1/admin.
resource "aws_cognito_user_group" "admins" {
  user_pool_id = aws_cognito_user_pool.this.id
  name         = "admins"
  description  = "Operators"
}

# What a program asks for. The gateway goes by the client; Cognito gives no token without a scope.
resource "aws_cognito_resource_server" "this" {
  user_pool_id = aws_cognito_user_pool.this.id
  identifier   = "captions"
  name         = "captions"

  scope {
    scope_name        = "use"
    scope_description = "Upload photos and read their captions"
  }
}

data "aws_secretsmanager_secret_version" "social" {
  for_each  = var.social_providers
  secret_id = each.value.secret_id
}

resource "aws_cognito_identity_provider" "social" {
  for_each = var.social_providers

  user_pool_id      = aws_cognito_user_pool.this.id
  provider_name     = each.key
  provider_type     = each.value.type
  attribute_mapping = each.value.attributes

  provider_details = merge(each.value.details, {
    client_id        = each.value.client_id
    client_secret    = data.aws_secretsmanager_secret_version.social[each.key].secret_string
    authorize_scopes = each.value.scopes
  })
}

resource "aws_cognito_user_pool_client" "page" {
  name         = "page"
  user_pool_id = aws_cognito_user_pool.this.id

  generate_secret                      = true
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid", "email", "profile"]
  supported_identity_providers         = concat(["COGNITO"], [for name in keys(var.social_providers) : aws_cognito_identity_provider.social[name].provider_name])
  prevent_user_existence_errors        = "ENABLED"
  enable_token_revocation              = true

  callback_urls = ["${var.page_url}/oauth2callback"]
  # Cognito compares whole strings, and Streamlit sends its callback address: see infra/local/signin.py.
  logout_urls = local.logout_urls

  # A day's work without a second sign-in: Streamlit renews no token.
  access_token_validity  = 12
  id_token_validity      = 12
  refresh_token_validity = 1

  token_validity_units {
    access_token  = "hours"
    id_token      = "hours"
    refresh_token = "days"
  }
}

resource "aws_cognito_user_pool_client" "programs" {
  name         = "programs"
  user_pool_id = aws_cognito_user_pool.this.id

  generate_secret                      = true
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["client_credentials"]
  allowed_oauth_scopes                 = aws_cognito_resource_server.this.scope_identifiers
  supported_identity_providers         = ["COGNITO"]
  enable_token_revocation              = true
  access_token_validity                = 1

  token_validity_units {
    access_token = "hours"
  }
}

locals {
  logout_urls = [for path in ["", "/", "/oauth2callback"] : "${var.page_url}${path}"]
}
