// Package config turns flags, action inputs and the policy file into one [Config].
//
// One table, [Inputs], describes every setting; flags, INPUT_ variables, the settings of a policy file, help, action.yml and
// the README are views of it. [Parse] takes the strongest value given for each:
//
//  1. a flag: --publish never
//  2. an action input: INPUT_PUBLISH=never
//  3. the policy file: publish: never
//  4. an environment variable that stands in: HF_ENDPOINT, HF_TOKEN
//  5. the default
//
// Nothing here touches the environment or the disk: what reads them is handed in. Every problem is found before
// anything is read or sent, and all of them are reported at once, a line each: see [Problems].
package config
