import { Client } from "pg";

/** Changes object versions behind Gitway's back, past the triggers that forbid it but for the one that notes it. */
export async function changeRows(databaseUrl: string, statements: string, setting = ""): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(
      `begin; alter table gitway.object_version disable trigger all; ${setting === "" ? "" : `${setting};`}
     ${statements};
     ${setting === "" ? "" : "reset session_replication_role;"}
     alter table gitway.object_version enable trigger user; alter table gitway.object_version enable always trigger note_drift;
     alter table gitway.object_version enable trigger all; alter table gitway.object_version enable always trigger note_drift; commit`,
    );
  } finally {
    await client.end();
  }
}
