// Prints the ARN of the caller with the profile named in AWS_PROFILE.
import { createRequire } from "node:module";

const { STSClient, GetCallerIdentityCommand } = createRequire(process.env.INTEROP_NODE_MODULES + "/")("@aws-sdk/client-sts");
const client = new STSClient({ maxAttempts: 1 });
const caller = await client.send(new GetCallerIdentityCommand({}));
console.log(caller.Arn);
