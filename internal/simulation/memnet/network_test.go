// SPDX-License-Identifier: Apache-2.0

package memnet_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/internal/simulation/memnet"
)

// pair connects a client with a server, whose connection meets a fate.
func pair(t *testing.T, fate memnet.Fate) (client, server net.Conn, network *memnet.Network) {
	t.Helper()
	network = &memnet.Network{Fate: func(context.Context, string, int) memnet.Fate { return fate }}
	l := network.Listen("own:80")
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	client, err := network.DialContext(t.Context(), "tcp", "own:80")
	if err != nil {
		t.Fatal(err)
	}
	return client, <-accepted, network
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server, network := pair(t, memnet.Fate{CutUp: -1, CutDown: -1})
		go func() {
			_, _ = client.Write(make([]byte, 200<<10))
			_ = client.Close()
		}()
		all, err := io.ReadAll(server)
		if len(all) != 200<<10 || err != nil {
			t.Errorf("read %d bytes and %v, want %d", len(all), err, 200<<10)
		}
		if open := network.Open(); len(open) != 0 {
			t.Errorf("open connections: %v", open)
		}
	})
}

func TestAConnectionIsCutAfterAByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server, _ := pair(t, memnet.Fate{CutUp: -1, CutDown: 3})
		_, _ = server.Write([]byte("hello"))
		all, err := io.ReadAll(client)
		if string(all) != "hel" || err != nil {
			t.Errorf("read %q and %v, want hel", all, err)
		}
		synctest.Wait()
		if _, err := client.Write([]byte("x")); err == nil {
			t.Error("writing after the cut succeeded")
		}
	})
}

func TestAClosedConnectionLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server, _ := pair(t, memnet.Fate{CutUp: -1, CutDown: -1, Linger: time.Second})
		_ = server.Close()
		if _, err := client.Write([]byte("x")); err != nil {
			t.Errorf("writing before the end is noticed: %v", err)
		}
		begun := time.Now()
		if _, err := client.Read(make([]byte, 1)); err != io.EOF || time.Since(begun) != time.Second {
			t.Errorf("got %v after %s, want EOF after 1s", err, time.Since(begun))
		}
	})
}

func TestDialsFail(t *testing.T) {
	for name, c := range map[string]struct {
		fate memnet.Fate
		is   error
	}{
		"refused": {memnet.Fate{Refuse: true}, syscall.ECONNREFUSED},
		"slow":    {memnet.Fate{Delay: time.Hour}, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &memnet.Network{Fate: func(context.Context, string, int) memnet.Fate { return c.fate }}
				defer func() { _ = network.Listen("own:80").Close() }()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err := network.DialContext(ctx, "tcp", "own:80")
				var op *net.OpError
				if !errors.Is(err, c.is) || !errors.As(err, &op) || op.Op != "dial" {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _, _ := pair(t, memnet.Fate{CutUp: -1, CutDown: -1})
		_ = client.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
