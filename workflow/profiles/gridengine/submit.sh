#!/bin/sh
# Submit a job of Snakemake's to Grid Engine and print its number: submit.sh THREADS MIB MINUTES GPUS SCRIPT
set -eu
# YOURS: the parallel environment that stays on one node, and the consumables for memory (one unit a slot) and GPUs (one
# unit a job). h_vmem is no measure of memory: torch reserves several times the address space that it uses.
environment=smp
memory=ram
gpus=gpu
logs=.snakemake/gridengine_logs
mkdir -p "$logs"
wanted="h_rt=$(($3 * 60)),$memory=$((($2 + $1 - 1) / $1))M"
[ "$4" = 0 ] || wanted="$wanted,$gpus=$4"
exec qsub -terse -cwd -V -S /bin/bash -j y -o "$logs/" -N gradnoise -pe "$environment" "$1" -l "$wanted" "$5"
