#!/bin/sh
# Techni on Heroku: several dynos, each visitor at one of them. Run it in the checkout, after `heroku create`.
# It could not be run here. tests/test_deployment.py starts the Procfile's own line, and runs bin/post_compile, the build's end.
set -eu

heroku config:set \
  TECHNI_ROOT_PAGE=live \
  TECHNI_MEMORY_MB=512 \
  TECHNI_TRUSTED_PROXIES=1 \
  TECHNI_METRICS=local \
  TECHNI_STOP_SECONDS=20 \
  TECHNI_COOKIE_SECRET="$(openssl rand -hex 32)"
heroku features:enable http-session-affinity  # a page's kernel is on the dyno that it came from
heroku features:enable preboot                # new dynos answer before the old ones are told to stop
git push heroku HEAD:main
heroku ps:scale web=3:standard-1x
