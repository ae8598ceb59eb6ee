import sys,subprocess
