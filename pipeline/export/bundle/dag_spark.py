"""Runs the job by spark-submit every day, then compares its answers with the expected ones. Airflow 2.4 or later.

Environment of the scheduler: WEIRBOX_BUNDLE, this folder; WEIRBOX_ARGUMENTS, the job's ("--objects s3a://BUCKET --user-id ID");
WEIRBOX_OUTPUT, a folder; WEIRBOX_SUBMIT, spark-submit with its options (spark-submit).
"""
import os
from datetime import datetime, timedelta

from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:
    from airflow.operators.bash import BashOperator

BUNDLE = os.environ.get("WEIRBOX_BUNDLE", os.path.dirname(os.path.abspath(__file__)))
OUTPUT = os.environ.get("WEIRBOX_OUTPUT", "/tmp/weirbox")
ARGUMENTS = os.environ.get("WEIRBOX_ARGUMENTS", f"--input {BUNDLE}/sample --user-id sample")
SUBMIT = os.environ.get("WEIRBOX_SUBMIT", "spark-submit")

with DAG(
    "weirbox_dag",
    start_date=datetime(2024, 1, 1),
    schedule="@daily",
    catchup=False,
    default_args={"owner": "airflow", "depends_on_past": False, "retries": 2, "retry_delay": timedelta(minutes=2)},
) as dag:
    job = BashOperator(task_id="job", bash_command=f"{SUBMIT} {BUNDLE}/job.py {ARGUMENTS} --output {OUTPUT}")
    check = BashOperator(task_id="check", bash_command=f"python3 {BUNDLE}/check.py {OUTPUT}/answers")
    job >> check
