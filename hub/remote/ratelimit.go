package remote

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxReset bounds what an answer may claim of time, so that sums do not overflow.
const maxReset = 24 * time.Hour

// askedFor returns how long an answer asks to wait before the next request; 0 where it does not say. Of the limit, the header
// RateLimit tells; Retry-After holds seconds, since the Hub does not send dates.
// https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-09
func askedFor(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		if d, ok := untilReset(resp.Header); ok {
			return d
		}
	}
	if n, ok := seconds(resp.Header.Get("Retry-After")); ok {
		return n
	}
	return 0
}

// untilReset reads `"api";r=0;t=55`: no requests remain, for 55 seconds. One more is for what was cut off.
func untilReset(h http.Header) (time.Duration, bool) {
	for _, value := range h.Values("RateLimit") {
		for item := range strings.SplitSeq(value, ",") {
			var t time.Duration
			var exhausted, ok bool
			for parameter := range strings.SplitSeq(item, ";") {
				name, v, _ := strings.Cut(strings.TrimSpace(parameter), "=")
				switch name {
				case "r":
					exhausted = v == "0"
				case "t":
					t, ok = seconds(v)
				}
			}
			if exhausted && ok {
				return t + time.Second, true
			}
		}
	}
	return 0, false
}

// seconds reads a whole number of seconds that is not negative.
func seconds(s string) (time.Duration, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 32)
	if err != nil {
		return 0, false
	}
	return min(time.Duration(n)*time.Second, maxReset), true
}
