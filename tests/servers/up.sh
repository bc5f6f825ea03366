#!/usr/bin/env bash
# Starts the object stores and a statsd server on free ports of this machine. usage: up.sh DIR
# DIR gets their data, their logs, and `pids`, one number on each line. Prints the variables by which the tests find them, for eval.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
tools=$("$here/install.sh")
: >"$dir/pids"

free_port() {
    local port
    while :; do
        port=$((RANDOM % 20000 + 20000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

# start NAME PORT COMMAND...: in the background, until it accepts connections.
start() {
    local name=$1 port=$2
    shift 2
    "$@" >"$dir/$name.log" 2>&1 &
    local pid=$!
    echo "$pid" >>"$dir/pids"
    for _ in $(seq 300); do
        if ! kill -0 "$pid" 2>/dev/null; then break; fi
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
        sleep 0.1
    done
    echo "up.sh: $name did not start; the end of $dir/$name.log:" >&2
    tail -n 20 "$dir/$name.log" >&2
    "$here/down.sh" "$dir"
    exit 1
}

mkdir -p "$dir/s3/nebulakit" "$dir/meta" "$dir/gcs/nebulakit" "$dir/azure"

# Connections are kept, as object stores keep them. Some tools know no port but the usual one: NEBULAKIT_TEST_S3_PORT=80 serves them.
s3=${NEBULAKIT_TEST_S3_PORT:-$(free_port)}
start s3 "$s3" "$tools/bin/versitygw" --port "127.0.0.1:$s3" --access nebulakit --secret nebulakit-secret --keep-alive --quiet \
    posix --sidecar "$dir/meta" "$dir/s3"

gcs=$(free_port)
start gcs "$gcs" "$tools/bin/fake-gcs-server" -scheme http -host 127.0.0.1 -port "$gcs" -public-host "127.0.0.1:$gcs" \
    -backend filesystem -filesystem-root "$dir/gcs"

azure=$(free_port)
start azure "$azure" "$tools/azurite/node_modules/.bin/azurite-blob" --blobPort "$azure" --location "$dir/azure" --skipApiVersionCheck \
    --disableTelemetry

web=$(free_port)
mkdir -p "$dir/web" "$dir/nginx"
cat >"$dir/nginx.conf" <<END
worker_processes 1;
pid $dir/nginx/pid;
error_log $dir/nginx/error.log;
events {}
http {
    access_log off;
    client_body_temp_path $dir/nginx/body;
    proxy_temp_path $dir/nginx/proxy;
    fastcgi_temp_path $dir/nginx/fastcgi;
    uwsgi_temp_path $dir/nginx/uwsgi;
    scgi_temp_path $dir/nginx/scgi;
    server { listen 127.0.0.1:$web; root $dir/web; }
}
END
chmod 755 "$dir" "$dir/web"
start nginx "$web" nginx -e "$dir/nginx/error.log" -c "$dir/nginx.conf" -g 'daemon off;'

# One number for both: metrics come by UDP and are shown over HTTP.
statsd=$(free_port)
start statsd "$statsd" "$tools/bin/statsd_exporter" --statsd.listen-udp "127.0.0.1:$statsd" --statsd.listen-tcp '' \
    --web.listen-address "127.0.0.1:$statsd"

# The account and key that Azurite's documentation gives it.
account=devstoreaccount1
key=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==
now=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
signed=$(printf 'PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:%s\nx-ms-version:2021-08-06\n/%s/%s/nebulakit\nrestype:container' "$now" "$account" "$account" |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(printf %s "$key" | base64 -d | od -An -tx1 | tr -d ' \n')" -binary | base64)
curl --silent --show-error --fail-with-body --noproxy '*' -X PUT -H "x-ms-date: $now" -H 'x-ms-version: 2021-08-06' -H 'Content-Length: 0' \
    -H "Authorization: SharedKey $account:$signed" "http://127.0.0.1:$azure/$account/nebulakit?restype=container" >&2 ||
    { "$here/down.sh" "$dir"; exit 1; }

cat <<END
export NO_PROXY=127.0.0.1${NO_PROXY:+,$NO_PROXY}
export NEBULAKIT_TEST_S3_ENDPOINT=http://127.0.0.1:$s3
export NEBULAKIT_TEST_S3_ACCESS_KEY_ID=nebulakit
export NEBULAKIT_TEST_S3_SECRET_ACCESS_KEY=nebulakit-secret
export NEBULAKIT_TEST_S3_PREFIX=s3://nebulakit
export NEBULAKIT_TEST_S3_PID=$(head -n 1 "$dir/pids")
export NEBULAKIT_TEST_S3_FOLDER=$dir/s3/nebulakit
export NEBULAKIT_TEST_GCS_ENDPOINT=http://127.0.0.1:$gcs
export NEBULAKIT_TEST_GCS_PREFIX=gs://nebulakit
export NEBULAKIT_TEST_AZURE_ENDPOINT=http://127.0.0.1:$azure/$account
export NEBULAKIT_TEST_AZURE_ACCOUNT_NAME=$account
export NEBULAKIT_TEST_AZURE_ACCOUNT_KEY=$key
export NEBULAKIT_TEST_AZURE_PREFIX=abfs://nebulakit
export NEBULAKIT_TEST_WEB_ENDPOINT=http://127.0.0.1:$web
export NEBULAKIT_TEST_WEB_FOLDER=$dir/web
export NEBULAKIT_TEST_STATSD_PORT=$statsd
export NEBULAKIT_TEST_OIDC=$tools/oidc
END
