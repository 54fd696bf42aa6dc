// Package hubtest tests implementations of hub.Hub.
//
// [Run] is the suite that holds every one of them to what package hub promises (hubtest.go, read.go, write.go, scale.go).
//
// A [Server] is the Hugging Face Hub in memory, for those that talk to it, in the other files: routes.go says who answers what.
// It is no mock: what is committed to it can be listed, searched and downloaded, by any client of the Hub, under the rules
// of the Hub. The Hub's official JavaScript client is run against it (.ci/hub).
package hubtest
