package remote

import "time"

// Hurry makes the pauses between two attempts at something short.
func (h *Hub) Hurry() { h.pace = time.Millisecond }

// MaxLandings and MaxLost bound the attempts at one commit.
const (
	MaxLandings = maxLandings
	MaxLost     = maxLost
)
