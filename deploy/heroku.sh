#!/bin/sh
# Techni on Heroku: several dynos; a visitor's requests all go to the same one. Run this in the checkout, after `heroku create`.
# Not tested on Heroku; tests/test_deployment.py starts the Procfile's line, and runs bin/post_compile, the end of the build.
set -eu

heroku config:set \
  TECHNI_ROOT_PAGE=live \
  TECHNI_MEMORY_MB=512 \
  TECHNI_TRUSTED_PROXIES=1 \
  TECHNI_METRICS=local \
  TECHNI_STOP_SECONDS=20 \
  TECHNI_COOKIE_SECRET="$(openssl rand -hex 32)"
heroku features:enable http-session-affinity  # a page's kernel runs on the dyno that sent the page
heroku features:enable preboot                # new dynos answer before the old ones stop
git push heroku HEAD:main
heroku ps:scale web=3:standard-1x
