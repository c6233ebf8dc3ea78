// Prints the ARN of the caller, with keys from the provider for containers of older SDKs: the default chain of today asks
// a newer one first, `fromHttp`.
import { createRequire } from "node:module";

const require = createRequire(process.env.INTEROP_NODE_MODULES + "/");
const { STSClient, GetCallerIdentityCommand } = require("@aws-sdk/client-sts");
const { fromContainerMetadata } = require("@smithy/credential-provider-imds");
const client = new STSClient({ maxAttempts: 1, credentials: fromContainerMetadata({ maxRetries: 0 }) });
const caller = await client.send(new GetCallerIdentityCommand({}));
console.log(caller.Arn);
