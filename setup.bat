@echo off
rem Installs what Hubbub needs into .venv. Needs Python 3.11 or later from python.org.
setlocal
cd /d "%~dp0"
if not exist .venv\Scripts\python.exe py -3 -m venv .venv || exit /b 1
.venv\Scripts\python -m pip install --disable-pip-version-check --require-hashes -r requirements\run.lock || exit /b 1
.venv\Scripts\python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --no-index -e . || exit /b 1
