// Package remote is the Hugging Face Hub over HTTP: huggingface.co, a private deployment, or a mirror.
//
// Every request passes the same layers, each an http.RoundTripper of its own:
//
//	agent      who asks, and an id for the request that support can find; logs what the Hub warns of
//	retry      again after an answer or a failure that may pass, as often and as late as the Hub asks for
//	whole      reads the answer to its end, within a limit; notices when it breaks off or stands still
//	authorise  the token, to the Hub's own scheme, host and port and to nobody else
//	transport  the connection
//
// Redirects are followed by hand, on top of them: the Hub sends readers of large files to a storage host with a signed
// URL, which must not see the token and whose answers are not the Hub's. Neither the token nor the query of a signed
// URL is in any error or log line.
//
// What is read is pinned to one commit. Files of up to 4 MiB are read whole and their digest is verified. Of larger ones
// only the ranges asked for are read: that they are of one version is checked, but nothing verifies the bytes, since the
// Hub has one digest per file.
//
// That something is not there is believed when two answers of different kinds say so: a dataset's page and the search, the log
// of main and the list of branches, a file or folder and what is known of its commit. Of two heads of main the one that follows
// the other is taken. What cannot be seen is a Hub of which every answer is of the same older state, and one that denies a
// dataset which its search, an index that lags, does not show yet.
//
// What is written goes to the Hub's storage first, named by its digest, and then into one commit that names its parent.
// The last line of the commit's description is "hubgate-change: " with a key of that commit alone: where the answer is
// lost, the key tells whether the commit has landed. Messages that are read here do not show it.
package remote
