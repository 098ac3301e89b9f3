"""The command line `drc-match` and the web page `drc-app`."""
