#!/bin/sh
# Tell Snakemake how a job of Grid Engine is: running, success or failed.
if qstat -j "$1" > /dev/null 2>&1; then
    case $(qstat -u '*' | awk -v id="$1" '$1 == id {print $5}') in
        *E*) echo failed ;;
        *) echo running ;;
    esac
    exit
fi
# Accounting lags behind the queue.
found=$(qacct -j "$1" 2> /dev/null) || { echo running; exit; }
echo "$found" | awk '/^exit_status/ {status = $2} /^failed/ {failed = $2}
    END {print (status == 0 && failed == 0) ? "success" : "failed"}'
