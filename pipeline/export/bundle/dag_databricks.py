"""Runs the notebook on an existing cluster every day. Airflow 2.4 or later, with the provider of Databricks.

Connection `databricks_default`; Variables: weirbox_cluster_id, weirbox_notebook_path, weirbox_widgets (a JSON object of the notebook's
widgets: objects, user_id, output, …).
"""
from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator

with DAG(
    "weirbox_dag",
    start_date=datetime(2024, 1, 1),
    schedule="@daily",
    catchup=False,
    render_template_as_native_obj=True,
    default_args={"owner": "airflow", "depends_on_past": False, "retries": 2, "retry_delay": timedelta(minutes=2)},
) as dag:
    DatabricksSubmitRunOperator(
        task_id="submit_run",
        databricks_conn_id="databricks_default",
        existing_cluster_id="{{ var.value.weirbox_cluster_id }}",
        notebook_task={
            "notebook_path": "{{ var.value.weirbox_notebook_path }}",
            "base_parameters": "{{ var.json.weirbox_widgets }}",
        },
    )
