/* The whole life of examples/mme-demo.yaml made by the AWS SDK for JavaScript, with its defaults: its checksums, its
 * aws-chunked uploads, its waiters and paginators.
 *
 *     NODE_PATH=.../node_modules node demo.js NAME EXPECTED.json
 *
 * Where to: AWS_ENDPOINT_URL, which it reads itself; or HTTPS_PROXY, which it does not: an agent takes it there, and
 * NODE_EXTRA_CA_CERTS names the authority. Prints lines for harness/tap.py. */
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const { Readable } = require('stream');
const S3 = require('@aws-sdk/client-s3');
const SM = require('@aws-sdk/client-sagemaker');
const RT = require('@aws-sdk/client-sagemaker-runtime');
const { Upload } = require('@aws-sdk/lib-storage');

const [name, expectedFile] = process.argv.slice(2);
const expected = JSON.parse(fs.readFileSync(expectedFile));
const role = 'arn:aws:iam::123456789012:role/SageMakerExecutionRole';
const image = '683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1';
const variants = {
  model_conservative: [25, 2, 0.3], model_balanced: [50, 4, 0.2], model_aggressive: [100, 6, 0.1],
  model_deep: [50, 8, 0.2], model_fast: [30, 3, 0.4],
};
const models = Object.keys(variants);
const row = fs.readFileSync('examples/data/breast-cancer-validation.csv', 'utf8').split('\n')[0].split(',').slice(1).join(',');

const settings = { region: 'us-east-1', maxAttempts: 2 };
if (process.env.HTTPS_PROXY) {
  const { HttpsProxyAgent } = require('https-proxy-agent');
  settings.requestHandler = { httpsAgent: new HttpsProxyAgent(process.env.HTTPS_PROXY) };
}
const s3 = new S3.S3Client(settings);
/* On http://127.0.0.1 there are no names for buckets; with AWS's host names the default, bucket.s3.region, is used. */
if (!process.env.HTTPS_PROXY) s3.config.forcePathStyle = true;
const sm = new SM.SageMakerClient(settings);
const rt = new RT.SageMakerRuntimeClient(settings);
const soon = { maxWaitTime: 60, minDelay: 1, maxDelay: 1 };

function check(good, what, ...notes) {
  console.log((good ? 'ok - ' : 'not ok - ') + what);
  if (!good)
    for (const note of notes)
      for (const line of (typeof note === 'string' ? note : JSON.stringify(note) || 'undefined').split('\n')) console.log('# ' + line);
}

async function refused(promise, code, text) {
  try {
    check(false, `${code} is raised`, (await promise).$metadata);
  } catch (error) {
    check(error.name === code && error.message.includes(text || ''), `${code} '${text || ''}'`, `${error.name}: ${error.message}`);
  }
}

async function all(paginator, member) {
  const found = [];
  let pages = 0;
  for await (const page of paginator) {
    pages++;
    found.push(...(page[member] || []));
  }
  return [found, pages];
}

const put = (Key, Body, more) => s3.send(new S3.PutObjectCommand({ Bucket: name, Key, Body, ...more }));
const get = (Key, more) => s3.send(new S3.GetObjectCommand({ Bucket: name, Key, ...more }));

async function data() {
  await s3.send(new S3.CreateBucketCommand({ Bucket: name }));
  check((await S3.waitUntilBucketExists({ client: s3, ...soon }, { Bucket: name })).state === 'SUCCESS', 'waitUntilBucketExists');
  check((await S3.waitUntilObjectNotExists({ client: s3, ...soon }, { Bucket: name, Key: 'data/train.csv' })).state === 'SUCCESS',
    'waitUntilObjectNotExists');
  /* A stream of unknown length goes up aws-chunked inside Transfer-Encoding: chunked, its checksum in the trailer. */
  const file = 'examples/data/breast-cancer-train.csv';
  await put('data/train.csv', fs.createReadStream(file), { ContentLength: fs.statSync(file).size });
  await put('data/validation.csv', fs.readFileSync('examples/data/breast-cancer-validation.csv'));
  for (const part of ['train', 'validation']) {
    check((await S3.waitUntilObjectExists({ client: s3, ...soon }, { Bucket: name, Key: `data/${part}.csv` })).state === 'SUCCESS',
      `waitUntilObjectExists ${part}`);
    const back = await (await get(`data/${part}.csv`)).Body.transformToString();
    check(back === fs.readFileSync(`examples/data/breast-cancer-${part}.csv`, 'utf8'), `${part} comes back as it was`);
  }
  const [found, pages] = await all(S3.paginateListObjectsV2({ client: s3, pageSize: 1 }, { Bucket: name }), 'Contents');
  check(found.length === 2 && pages >= 2, 'paginateListObjectsV2', found, pages);
  const [buckets] = await all(S3.paginateListBuckets({ client: s3, pageSize: 1 }, {}), 'Buckets');
  check(buckets.some((bucket) => bucket.Name === name), 'paginateListBuckets', buckets);
}

async function large() {
  const content = Buffer.alloc(12 << 20, crypto.randomBytes(1 << 16));
  const done = await new Upload({
    client: s3, partSize: 5 << 20, queueSize: 2,
    params: { Bucket: name, Key: 'large', Body: Readable.from([content.subarray(0, 7 << 20), content.subarray(7 << 20)]), Metadata: { by: 'js' } },
  }).done();
  check(done.ETag.endsWith('-3"'), 'lib-storage uploads a stream in three parts', done);
  const answer = await get('large');
  const back = Buffer.from(await answer.Body.transformToByteArray());
  check(back.equals(content) && answer.Metadata.by === 'js', 'and it comes back as it was', answer.$metadata);
  for (const algorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256']) {
    const key = `sums/${algorithm}`;
    await put(key, 'four score', { ChecksumAlgorithm: algorithm });
    const head = await s3.send(new S3.HeadObjectCommand({ Bucket: name, Key: key, ChecksumMode: 'ENABLED' }));
    check(Boolean(head[`Checksum${algorithm}`]) && (await (await get(key)).Body.transformToString()) === 'four score',
      `checksum ${algorithm}`, head);
  }
  await refused(put('sums/wrong', 'four score', { ChecksumCRC32: 'AAAAAA==' }), 'BadDigest');
  await refused(put('data/train.csv', '', { IfNoneMatch: '*' }), 'PreconditionFailed');
  await refused(get('nothing'), 'NoSuchKey');
  const range = await get('large', { Range: 'bytes=5-14' });
  check((await range.Body.transformToByteArray()).length === 10, 'a range', range.$metadata);
  const hard = 'copy of large/ä+b &c';
  await s3.send(new S3.CopyObjectCommand({ Bucket: name, Key: hard, CopySource: `${name}/large` }));
  check((await s3.send(new S3.HeadObjectCommand({ Bucket: name, Key: hard }))).ContentLength === content.length, 'a copy with a hard name');
  const { UploadId } = await s3.send(new S3.CreateMultipartUploadCommand({ Bucket: name, Key: 'unfinished' }));
  for (const PartNumber of [1, 2, 3])
    await s3.send(new S3.UploadPartCommand({ Bucket: name, Key: 'unfinished', UploadId, PartNumber, Body: 'x' }));
  const [parts, pages] = await all(S3.paginateListParts({ client: s3, pageSize: 2 }, { Bucket: name, Key: 'unfinished', UploadId }), 'Parts');
  check(parts.length === 3 && pages === 2, 'paginateListParts', parts, pages);
  await s3.send(new S3.AbortMultipartUploadCommand({ Bucket: name, Key: 'unfinished', UploadId }));
}

const jobOf = (model) => `${name}-${model.replace('_', '-')}`;

async function train() {
  const channel = (part) => ({
    ChannelName: part, ContentType: 'text/csv',
    DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://${name}/data/${part}.csv`, S3DataDistributionType: 'FullyReplicated' } },
  });
  for (const model of models) {
    const [rounds, depth, eta] = variants[model];
    await sm.send(new SM.CreateTrainingJobCommand({
      TrainingJobName: jobOf(model), RoleArn: role, Tags: [{ Key: 'project', Value: name }],
      AlgorithmSpecification: { TrainingImage: image, TrainingInputMode: 'File' },
      HyperParameters: { objective: 'binary:logistic', eval_metric: 'auc', num_round: `${rounds}`, max_depth: `${depth}`, eta: `${eta}` },
      InputDataConfig: [channel('train'), channel('validation')],
      OutputDataConfig: { S3OutputPath: `s3://${name}/out` },
      ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 10 },
      StoppingCondition: { MaxRuntimeInSeconds: 3600 },
    }));
  }
  const made = {};
  for (const model of models) {
    await SM.waitUntilTrainingJobCompletedOrStopped({ client: sm, ...soon }, { TrainingJobName: jobOf(model) });
    const job = await sm.send(new SM.DescribeTrainingJobCommand({ TrainingJobName: jobOf(model) }));
    const auc = (job.FinalMetricDataList || []).find((metric) => metric.MetricName === 'validation:auc');
    check(job.TrainingJobStatus === 'Completed' && auc && auc.Value > 0.9 && job.TrainingEndTime instanceof Date,
      `waitUntilTrainingJobCompletedOrStopped: ${model} is trained`, job);
    made[model] = job.ModelArtifacts.S3ModelArtifacts.split('/').slice(3).join('/');
  }
  const [jobs, pages] = await all(SM.paginateListTrainingJobs({ client: sm, pageSize: 2 }, { NameContains: `${name}-` }), 'TrainingJobSummaries');
  check(jobs.length === 5 && pages >= 3, 'paginateListTrainingJobs, two a page', jobs, pages);
  return made;
}

async function invoke(model, Accept = 'text/csv', Body = row) {
  const answer = await rt.send(new RT.InvokeEndpointCommand({
    EndpointName: name, TargetModel: `${model}.tar.gz`, ContentType: 'text/csv', Accept, Body }));
  return Buffer.from(answer.Body).toString().trim();
}

async function deploy(made) {
  const publish = (model) => s3.send(new S3.CopyObjectCommand({
    Bucket: name, Key: `models/${model}.tar.gz`, CopySource: `${name}/${made[model]}` }));
  for (const model of models.slice(0, 4)) await publish(model);
  await sm.send(new SM.CreateModelCommand({
    ModelName: name, ExecutionRoleArn: role, PrimaryContainer: { Image: image, Mode: 'MultiModel', ModelDataUrl: `s3://${name}/models/` } }));
  const variant = { VariantName: 'AllTraffic', ModelName: name, InstanceType: 'ml.m5.large', InitialInstanceCount: 1, InitialVariantWeight: 1 };
  for (const config of [name, `${name}-2`])
    await sm.send(new SM.CreateEndpointConfigCommand({ EndpointConfigName: config, ProductionVariants: [variant] }));
  await sm.send(new SM.CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name, Tags: [{ Key: 'project', Value: name }] }));
  check((await SM.waitUntilEndpointInService({ client: sm, ...soon }, { EndpointName: name })).state === 'SUCCESS', 'waitUntilEndpointInService');
  for (const model of models.slice(0, 4)) {
    const got = await invoke(model);
    check(got === expected[model], `invoke ${model} by TargetModel`, got, expected[model]);
  }
  await refused(invoke('model_fast'), 'ValidationError', 'Failed to download');
  const before = await sm.send(new SM.DescribeEndpointCommand({ EndpointName: name }));
  await publish('model_fast');
  check((await invoke('model_fast')) === expected.model_fast, 'a model that was added is there');
  const json = JSON.parse(await invoke('model_fast', 'application/json'));
  check((Array.isArray(json) ? json[0] : json.predictions[0].score) === Number(expected.model_fast), 'and as JSON', json);
  const after = await sm.send(new SM.DescribeEndpointCommand({ EndpointName: name }));
  check(+before.LastModifiedTime === +after.LastModifiedTime, 'without a roll');
  await sm.send(new SM.UpdateEndpointCommand({ EndpointName: name, EndpointConfigName: `${name}-2` }));
  await SM.waitUntilEndpointInService({ client: sm, ...soon }, { EndpointName: name });
  check((await sm.send(new SM.DescribeEndpointCommand({ EndpointName: name }))).EndpointConfigName === `${name}-2`, 'and with one');
  await refused(invoke('model_fast', 'text/csv', 'a,b'), 'ModelError', 'Received client error');
  await refused(sm.send(new SM.DescribeEndpointCommand({ EndpointName: 'nobody' })), 'ValidationException', 'Could not find endpoint');
  await refused(rt.send(new RT.InvokeEndpointCommand({ EndpointName: 'nobody', Body: '1' })), 'ValidationError', 'not found');
  for (const [paginator, member, least] of [
    [SM.paginateListModels, 'Models', 1], [SM.paginateListEndpoints, 'Endpoints', 1], [SM.paginateListEndpointConfigs, 'EndpointConfigs', 2]]) {
    const [found, pages] = await all(paginator({ client: sm, pageSize: 1 }, { NameContains: name }), member);
    check(found.length === least && pages >= least, `paginateList${member}`, found, pages);
  }
  const [tags] = await all(SM.paginateListTags({ client: sm }, { ResourceArn: after.EndpointArn }), 'Tags');
  check(tags.length === 1 && tags[0].Value === name, 'paginateListTags', tags);
}

async function cleanUp() {
  await sm.send(new SM.DeleteEndpointCommand({ EndpointName: name }));
  check((await SM.waitUntilEndpointDeleted({ client: sm, ...soon }, { EndpointName: name })).state === 'SUCCESS', 'waitUntilEndpointDeleted');
  for (const config of [name, `${name}-2`]) await sm.send(new SM.DeleteEndpointConfigCommand({ EndpointConfigName: config }));
  await sm.send(new SM.DeleteModelCommand({ ModelName: name }));
  await refused(sm.send(new SM.DescribeModelCommand({ ModelName: name })), 'ValidationException', 'Could not find model');
  const { Contents } = await s3.send(new S3.ListObjectsCommand({ Bucket: name }));
  const gone = await s3.send(new S3.DeleteObjectsCommand({ Bucket: name, Delete: { Objects: Contents.map(({ Key }) => ({ Key })) } }));
  check(gone.Deleted.length === Contents.length && !gone.Errors, 'all objects are deleted in one batch', gone);
  await s3.send(new S3.DeleteBucketCommand({ Bucket: name }));
  check((await S3.waitUntilBucketNotExists({ client: s3, ...soon }, { Bucket: name })).state === 'SUCCESS', 'waitUntilBucketNotExists');
}

async function main() {
  await data();
  await large();
  await deploy(await train());
  await cleanUp();
  console.log(`# AWS SDK for JavaScript ${require('@aws-sdk/client-s3/package.json').version}, Node.js ${process.version}`);
  console.log('end');
}

main().catch((error) => {
  console.error(error.stack || error, JSON.stringify(error.$metadata), error.$response && error.$response.statusCode);
  process.exit(1);
});
