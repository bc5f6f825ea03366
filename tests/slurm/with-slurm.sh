#!/usr/bin/env bash
# Runs a command with a Slurm cluster of its own, and ends that. usage: with-slurm.sh [--no-accounting] [--nodes N] COMMAND [ARGUMENT...]
# The command finds the cluster by SLURM_CONF, and this cluster's folder in NEBULAKIT_TEST_SLURM; tests/slurm/node.sh kills a node of it and starts it
# again. Slurm that is on this machine already is left alone. Needs root, cgroups version 1, and Slurm or apt-get to install it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
accounting=yes
nodes=3
while [ $# -gt 0 ]; do
    case $1 in
        --no-accounting) accounting=no; shift ;;
        --nodes) nodes=$2; shift 2 ;;
        *) break ;;
    esac
done
[ $# -gt 0 ] || { sed -n 2p "$0" >&2; exit 2; }

PATH=$PATH:/usr/sbin:/sbin
missing=()
have() { command -v "$1" >/dev/null || missing+=("${@:2}"); }
have munged munge
have slurmctld slurmctld slurm-wlm-basic-plugins
have slurmd slurmd
have sbatch slurm-client
if [ "$accounting" = yes ]; then
    have slurmdbd slurmdbd
    have mariadbd mariadb-server
fi
if [ ${#missing[@]} -gt 0 ]; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "with-slurm.sh: needed and not there: ${missing[*]}" >&2; exit 1; }
    echo "with-slurm.sh: installing ${missing[*]} with apt-get" >&2
    install() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; }
    { install || { apt-get update && install; }; } >/dev/null 2>&1 || { echo "with-slurm.sh: apt-get cannot install ${missing[*]}" >&2; exit 1; }
fi
[ -d /sys/fs/cgroup/memory ] || { echo "with-slurm.sh: no cgroups of version 1 here, without which this Slurm limits no memory" >&2; exit 1; }

# The path of a socket may have about a hundred characters.
dir=$(mktemp --directory /tmp/nebulakit-slurm.XXXXXX)
chmod 755 "$dir"
mkdir "$dir/state" "$dir/log"
daemons=()

# Waits for processes to end, and then ends them.
gone() {
    local each
    for _ in $(seq 50); do
        for each in "$@"; do kill -0 "$each" 2>/dev/null && { sleep 0.1; continue 2; }; done
        return 0
    done
    kill -KILL "$@" 2>/dev/null || true
}
finish() {
    local pid
    timeout 10 scancel --quiet --user="$(id -un)" >/dev/null 2>&1 || true
    for pid in "$dir"/slurmd.*.pid; do
        [ -f "$pid" ] && daemons+=("$(cat "$pid")")
    done
    "$here/node.sh" kill ALL
    if [ ${#daemons[@]} -gt 0 ]; then
        kill "${daemons[@]}" 2>/dev/null || true
        gone "${daemons[@]}"
        wait 2>/dev/null || true
    fi
    rm -rf --one-file-system "$dir"
}
trap finish EXIT

# Ports that nobody listens at now.
port=$((20000 + RANDOM % 10000))
free() {
    local each
    for each in $(seq "$port" $((port + 3 + nodes))); do
        ! (echo >"/dev/tcp/127.0.0.1/$each") 2>/dev/null || return 1
    done
}
until free; do port=$((20000 + RANDOM % 10000)); done
database=$((port + 1)) accountant=$((port + 2))

host=$(hostname -s)
# Who asks is known by a key that only this cluster has.
head --bytes 1024 /dev/urandom >"$dir/munge.key"
chmod 600 "$dir/munge.key"
cat >"$dir/slurm.conf" <<CONF
ClusterName=probe
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
CredType=cred/munge
SlurmctldPort=$port
SlurmdPort=$((port + 3))
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool.%n
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.%n.log
ProctrackType=proctrack/cgroup
TaskPlugin=task/cgroup
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=0,sched_max_job_start=0
MpiDefault=none
SwitchType=switch/none
GresTypes=gpu
Licenses=seat:2
MaxArraySize=21
PriorityType=priority/basic
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
ReturnToService=2
SlurmdTimeout=10
KillWait=5
MinJobAge=${NEBULAKIT_TEST_MIN_JOB_AGE:-300}
CONF
if [ "$accounting" = yes ]; then
    cat >>"$dir/slurm.conf" <<CONF
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$accountant
AccountingStoragePass=$dir/munge.socket
AccountingStorageEnforce=associations,limits,qos
CONF
fi
for each in $(seq "$nodes"); do
    mkdir "$dir/spool.n$each"
    features=plain gres=
    [ "$each" != 1 ] || features=large gres="Gres=gpu:1"
    echo "NodeName=n$each NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 3 + each)) CPUs=4 RealMemory=4000 Features=$features $gres State=UNKNOWN"
done >>"$dir/slurm.conf"
cat >>"$dir/slurm.conf" <<CONF
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP DefMemPerCPU=100 PriorityTier=10
PartitionName=first Nodes=ALL Default=NO MaxTime=INFINITE State=UP DefMemPerCPU=100 PriorityTier=20
PartitionName=closed Nodes=ALL Default=NO MaxTime=1:00:00 State=DOWN
CONF
echo "NodeName=n1 Name=gpu File=/dev/null" >"$dir/gres.conf"
cat >"$dir/cgroup.conf" <<CONF
CgroupPlugin=cgroup/v1
CgroupMountpoint=/sys/fs/cgroup
CgroupAutomount=no
ConstrainCores=no
ConstrainRAMSpace=yes
ConstrainSwapSpace=no
ConstrainDevices=no
CONF
cat >"$dir/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
DbdHost=$host
DbdAddr=127.0.0.1
DbdPort=$accountant
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$database
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_accounts
LogFile=$dir/log/slurmdbd.log
PidFile=$dir/slurmdbd.pid
CONF
chmod 600 "$dir/slurmdbd.conf"
export SLURM_CONF=$dir/slurm.conf NEBULAKIT_TEST_SLURM=$dir

fail() { echo "with-slurm.sh: $1" >&2; tail --lines 20 "$dir"/log/*.log >&2; exit 1; }
# Waits until a command is true; a daemon of ours that ended first is told.
until_true() {
    local what=$1
    shift
    for _ in $(seq 300); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    fail "$what"
}
daemon() {
    "$@" >>"$dir/log/$(basename "$1").log" 2>&1 </dev/null &
    daemons+=("$!")
}
listens() { (echo >"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

daemon munged --foreground --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munged.pid" --seed-file="$dir/munge.seed" --log-file="$dir/log/munge.log"
until_true "munged did not start" munge --socket="$dir/munge.socket" --no-input
if [ "$accounting" = yes ]; then
    mkdir "$dir/database"
    chown mysql:mysql "$dir/database"
    mariadb-install-db --no-defaults --user=mysql --datadir="$dir/database" --auth-root-authentication-method=socket --skip-test-db >"$dir/log/database.log" 2>&1 || fail "the database cannot be made"
    sql() { mariadb --no-defaults --socket="$dir/database/socket" --execute "$1"; }
    daemon setpriv --reuid=mysql --regid=mysql --clear-groups mariadbd --no-defaults --datadir="$dir/database" --port="$database" --bind-address=127.0.0.1 \
        --socket="$dir/database/socket" --pid-file="$dir/database/pid" --innodb-buffer-pool-size=64M --skip-log-bin
    until_true "the database did not start" sql "select 1"
    sql "create database slurm_accounts; create user slurm@'127.0.0.1' identified by 'slurm'; create user slurm@localhost identified by 'slurm';
        grant all on slurm_accounts.* to slurm@'127.0.0.1'; grant all on slurm_accounts.* to slurm@localhost"
    daemon slurmdbd -D
    until_true "slurmdbd did not start" listens "$accountant"
    account() { timeout 30 sacctmgr --immediate "$@" >>"$dir/log/sacctmgr.log" 2>&1 || fail "sacctmgr $*"; }
    account add cluster probe
    account add account lab Cluster=probe
    account add qos narrow set MaxSubmitJobsPerUser=2
    account add user root Account=lab DefaultAccount=lab set qos=normal,narrow
fi
daemon slurmctld -D
until_true "slurmctld did not start" timeout 5 scontrol ping
for each in $(seq "$nodes"); do "$here/node.sh" start "n$each"; done
idle() { [ "$(timeout 5 sinfo --noheader --Node --partition=main --format=%t | grep --count idle)" = "$nodes" ]; }
until_true "the nodes did not start" idle

"$@"
