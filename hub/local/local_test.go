package local

import (
	"testing"

	"github.com/hubgate/hubgate/hub"
	"github.com/hubgate/hubgate/hub/hubtest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	hubtest.Run(t, func(t *testing.T) hub.Hub { return Open(t.TempDir()) })
}
