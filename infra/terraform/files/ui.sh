# What the page's container runs: Streamlit reads its sign-in from a file only. /tmp is in memory and
# the task's own. Values have no quotes: hexadecimal digits, and what Cognito makes.
umask 077
cat > /tmp/secrets.toml <<TOML
[auth]
redirect_uri = "$UI_REDIRECT_URI"
cookie_secret = "$UI_COOKIE_SECRET"
client_id = "$UI_CLIENT_ID"
client_secret = "$UI_CLIENT_SECRET"
server_metadata_url = "$UI_GATEWAY_URL/auth/openid-configuration"
expose_tokens = ["id", "access"]
TOML
unset UI_COOKIE_SECRET UI_CLIENT_SECRET
# In this shell's place, or SIGTERM would not reach it.
exec python -m streamlit run services/ui/app.py --secrets.files /tmp/secrets.toml
