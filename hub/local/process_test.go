package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/hubgate/hubgate/hub"
)

// The test binary runs itself as another process that publishes: childDir says where, childName as whom, and childDies
// before which change to the disk it kills itself, if at all.
const (
	childDir  = "HUBGATE_TEST_DIR"
	childName = "HUBGATE_TEST_NAME"
	childDies = "HUBGATE_TEST_DIES"
	perChild  = 5
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := publish(dir, os.Getenv(childName), os.Getenv(childDies)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// publish adds perChild files, one commit each, whatever others do meanwhile.
func publish(dir, name, dies string) error {
	ctx := context.Background()
	h := Open(dir)
	if dies != "" {
		n, err := strconv.Atoi(dies)
		if err != nil {
			return err
		}
		h.step = func(string, string) error {
			if n--; n < 0 {
				self, err := os.FindProcess(os.Getpid())
				if err != nil {
					return err
				}
				if err := self.Kill(); err != nil {
					return err
				}
				select {} // until the kill arrives
			}
			return nil
		}
	}
	for i := range perChild {
		for {
			s, err := h.Open(ctx, repo)
			if err != nil {
				return err
			}
			at, err := s.Resolve(ctx, "main")
			if err != nil {
				return err
			}
			file := fmt.Sprintf("%s-%d", name, i)
			c := hub.Change{Branch: "main", Parent: at.ID, Message: "Add " + file, Put: []hub.File{hub.Bytes(file, []byte(file))}}
			if _, err = s.Commit(ctx, c); errors.Is(err, hub.ErrConflict) {
				continue
			}
			if err != nil {
				return err
			}
			break
		}
	}
	return nil
}

func child(t *testing.T, dir, name, dies string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childDir+"="+dir, childName+"="+name, childDies+"="+dies)
	return cmd
}

// TestProcesses has four processes publish to one branch at once, and a fifth die in the middle of it.
func TestProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := create(t, Open(dir))
	commit(t, s, hub.Change{Put: []hub.File{hub.Bytes("start", []byte("start"))}})

	var wg sync.WaitGroup
	for i := range 4 {
		cmd := child(t, dir, fmt.Sprintf("p%d", i), "")
		wg.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v: %s", i, err, out)
			}
		})
	}
	cmd := child(t, dir, "mortal", "60")
	wg.Go(func() {
		if err := cmd.Run(); err == nil {
			t.Error("the mortal process lived")
		}
	})
	wg.Wait()

	got := content(t, s, "main")
	for i := range 4 {
		for j := range perChild {
			if file := fmt.Sprintf("p%d-%d", i, j); !strings.Contains(got, file+"="+file) {
				t.Errorf("%s is lost", file)
			}
		}
	}
	files := len(strings.Fields(got))
	n := 0
	for _, err := range s.Log(t.Context(), "main") {
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	if n != files {
		t.Errorf("got %d commits and %d files, want a commit for each", n, files)
	}
}

// TestKilled kills a process before each of some changes of its first commits, and then publishes itself.
func TestKilled(t *testing.T) {
	t.Parallel()
	for n := 0; n < 40; n += 5 {
		dir := t.TempDir()
		s := create(t, Open(dir))
		base := commit(t, s, hub.Change{Put: []hub.File{hub.Bytes("start", []byte("start"))}})
		if err := child(t, dir, "p", strconv.Itoa(n)).Run(); err == nil {
			t.Fatalf("the process outlived change %d", n)
		}
		now, err := s.Resolve(t.Context(), "main")
		if err != nil {
			t.Fatalf("killed before change %d: %v", n, err)
		}
		want := "start=start"
		if now.ID != base.ID {
			want = "p-0=p-0 " + want
		}
		if got := content(t, s, "main"); got != want {
			t.Errorf("killed before change %d: got %q, want %q", n, got, want)
		}
		commit(t, s, hub.Change{Parent: now.ID, Put: []hub.File{hub.Bytes("z", []byte("z"))}})
		if got, want := content(t, s, "main"), want+" z=z"; got != want {
			t.Errorf("published after change %d: got %q, want %q", n, got, want)
		}
	}
}
